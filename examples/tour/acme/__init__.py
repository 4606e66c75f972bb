"""Six contexts of one company and how they relate; `relations` draws the map."""
