"""Pods of the tests, which tell who and where they are."""


def pod(name: str, node: str, **labels: str) -> str:
    """Return the manifest of a pod of lab/kubernetes/podtool on a node, with `---` at its end."""
    worn = ", ".join(f"{key}: {value}" for key, value in labels.items())
    return f"""
apiVersion: v1
kind: Pod
metadata: {{name: {name}, labels: {{{worn}}}}}
spec:
  nodeName: {node}
  terminationGracePeriodSeconds: 0
  containers:
  - {{name: tool, image: registry.lab/podtool:1, imagePullPolicy: Never, args: [serve],
     env: [{{name: NODE_NAME, valueFrom: {{fieldRef: {{fieldPath: spec.nodeName}}}}}}]}}
---
"""
