# From ansible's output, what a person wants to follow: plays, failures, the recap. Lines are cut: a line of 64 KiB
# would stop the reader on the other side of the connection.
/^RUN / || /^PLAY / || /^(fatal|failed): / || /^[^ ]+ +: ok=/ {
    sub(/ \*+$/, "")
    print substr($0, 1, 400)
    fflush()
}
