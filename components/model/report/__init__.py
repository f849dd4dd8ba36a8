"""Text and pictures for people. These modules render; they decide nothing."""
