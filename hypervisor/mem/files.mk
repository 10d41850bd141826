obj-y  := vtd.o amdvi.o
pure-y := frame.o buddy.o kalloc.o iommu.o dmar.o vtd_fault.o ivrs.o
pure-y += p2m.o p2m_lookup.o p2m_destroy.o p2m_check.o p2m_npt.o p2m_ept.o p2m_tlb.o
