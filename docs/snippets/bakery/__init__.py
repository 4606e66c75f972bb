"""A bakery: orders are taken, baked and paid."""
