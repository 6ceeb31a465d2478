"""One host as a picture: `view` says what is where, the others draw it."""
