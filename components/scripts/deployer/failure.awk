# From ansible's output, what failed: each task once, with the hosts and the first lines of what they said.
function value(name,    start, rest) {
    start = index($0, "\"" name "\": \"")
    if (!start) return ""
    rest = substr($0, start + length(name) + 5)
    match(rest, /^([^"\\]|\\.)*/)
    return substr(rest, 1, RLENGTH)
}
/^TASK / { task = $0; sub(/ \*+$/, "", task) }
/^(fatal|failed): / {
    host = $0
    sub(/^[a-z]+: \[/, "", host)
    sub(/[] ].*/, "", host)
    said = value("stderr")
    if (said == "") said = value("msg")
    if (said == "") said = $0
    gsub(/\\n/, "\n      ", said)
    if (task != shown) print task
    shown = task
    print "  " host ": " substr(said, 1, 2000)
}
