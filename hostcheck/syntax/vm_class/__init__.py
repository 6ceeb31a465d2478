"""VM classes as they are written down: VM Operator's API, vCenter's REST, vSphere's config spec.

Field names are those of github.com/vmware-tanzu/vm-operator (api/v1alpha1 to v1alpha6) and of the
vSphere Automation API (NamespaceManagement.VirtualMachineClasses.Info); both spellings of keys
that changed between releases are read.
"""
