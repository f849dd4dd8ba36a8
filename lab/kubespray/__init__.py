"""Real Kubespray in an air-gapped lab: a mirror of its downloads, and the stack configuration that uses the mirror.

`artifacts` makes the files and images, `packages` the apt repository, `registry` the storage of images. `service`
serves them from the operator's place of a running lab, and `configuration` writes the configuration of the stack.
Comments in `configuration` explain the lab's own variables.
"""
