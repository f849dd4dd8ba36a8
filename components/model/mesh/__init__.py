"""Who reaches whom over wg0, and by which way."""
