# From ansible's output, what a person wants to follow: plays, hosts that failed, the recap. Lines are cut: a line of
# 64 KiB would stop the reader on the other side of the connection.
/^(RUN|PLAY) |^[^ ]+ +: ok=/ {
    s/ \*+$//
    s/^(.{400}).*/\1/
    p
}
/^(fatal|failed): / {
    s/\].*/]/
    p
}
