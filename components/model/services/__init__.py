"""Services: the nodes where they enter, their backends, and what each host does for them."""
