"""Where services enter, and what each host does for them."""
