"""The door of files, beside that of documents: files are added to cases (``add``) and read (``read``).

A file is added to an open case by a party of it, by who filed it, or by who has it, and read by whoever is shown its
row (policy table, row 36): the policy says both. It never lies anywhere in clear: while it comes it is sealed piece by
piece, under the key of the case's subject, into a temporary file without a name; the transaction that makes it last
begins when all of it is here, so a slow client holds none. With the subject's key its files are gone too.

The entry of either says the SHA-256 of the content. That is no personal value, and the leaf is salted: who only knows
the tree cannot try files against it.
"""
