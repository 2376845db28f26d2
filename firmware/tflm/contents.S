// What a program carries besides its code, as network.h names it, and the record of its build.
    .section .rodata.network, "a"
    .balign 16
    .global network
network:
    .incbin NETWORK

    .section .rodata.images, "a"
    .balign 16
    .global images, images_end
images:
    .incbin IMAGES
images_end:

    .section .rodata.network_labels, "a"
    .global network_labels, build_name
network_labels:
    .asciz LABELS
build_name:
    .asciz NAME

    .section .m7sim.build, "", %progbits
    .incbin NOTE
