"""Case sheets in the formats that people send."""
