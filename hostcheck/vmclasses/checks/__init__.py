"""What is checked of a class: by itself (`of_class`), and on one host (`on_host`)."""
