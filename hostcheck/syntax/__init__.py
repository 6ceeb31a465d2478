"""Formats that many commands share: XML, tables, indented blocks. No command is named here."""
