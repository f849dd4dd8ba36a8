"""What hosts let in, and what network groups are asked for."""
