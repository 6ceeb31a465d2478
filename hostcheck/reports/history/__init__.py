"""What a history answers, in its formats."""
