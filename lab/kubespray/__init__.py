"""Real Kubespray in a lab without internet: what it downloads is made and served here, and the stack points it there.

`artifacts` makes the files and images, `packages` the apt repository, `registry` the images' storage; `service` serves
them from the operator's place of a running lab, and `configuration` writes the stack's configuration that uses them.
Why each of the lab's own variables has its value stands in `configuration`.
"""
