"""From what a user gave to opened sources: typed options, one rule of precedence, logins, secrets.

Nothing here knows click: whoever calls brings the environment, and what asks and tells a person.
"""
