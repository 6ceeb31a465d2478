"""Which questions are asked, in which order. A failed answer is data, not a stop."""
