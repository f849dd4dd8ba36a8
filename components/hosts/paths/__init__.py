"""What runs on hosts to measure paths over wg0, with their own Python: 3.9 or later, and its library only."""
