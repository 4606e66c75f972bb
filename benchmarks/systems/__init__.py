"""The measured systems: in come tasks, out go calls that do them. Peers are imported when they are opened."""
