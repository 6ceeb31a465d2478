"""vSphere over SOAP: sessions with vCenter or ESXi, and what is asked of them."""
