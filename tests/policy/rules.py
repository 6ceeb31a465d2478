"""Rules, as people write them."""


def off(check, reason="it is known"):
    return f'check = "{check}"\nselected = false\nreason = "{reason}"'


def weighing(check, severity, more=""):
    return f'check = "{check}"\nseverity = "{severity}"\nreason = "a part is on its way"\n{more}'


def expecting(check, wish, more=""):
    return f'check = "{check}"\nexpect = {{ {wish} }}\n{more}'
