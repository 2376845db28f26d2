// The record of a build, which the simulator reads: firmware/record.py.
    .section .m7sim.build, "", %progbits
    .incbin NOTE
