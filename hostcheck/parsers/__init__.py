"""One file per question: `REQUEST`, what is asked, and `parse(text) -> facts`, how it is read.

A parser raises ParseError when it does not understand the answer. "Nothing here" (a known zero),
"this answer does not hold that field" (an Unknown reading) and "I do not understand" (ParseError)
are three different outcomes.
"""
