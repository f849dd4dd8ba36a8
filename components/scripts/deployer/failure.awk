# From ansible's output, what failed: the task and each host's message, once.
/^TASK / { task = $0; sub(/ \*+$/, "", task) }
/^(fatal|failed): / {
    if (task != shown) print task
    shown = task
    print "  " substr($0, 1, 2000)
}
