// What a program carries besides its code, as network.h names it.
    .section .rodata.network, "a"
    .balign 16
    .global network
    .type network, %object
network:
    .incbin NETWORK
    .size network, . - network

    .section .rodata.images, "a"
    .balign 16
    .global images, images_end
    .type images, %object
images:
    .incbin IMAGES
    .size images, . - images
images_end:

    .section .rodata.network_labels, "a"
    .global network_labels, build_name
network_labels:
    .asciz LABELS
build_name:
    .asciz NAME
