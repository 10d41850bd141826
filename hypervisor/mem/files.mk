obj-y  := iommu.o vtd.o amdvi.o
pure-y := frame.o buddy.o kalloc.o
pure-y += ivrs.o p2m.o p2m_lookup.o p2m_destroy.o p2m_check.o p2m_npt.o p2m_ept.o p2m_tlb.o
