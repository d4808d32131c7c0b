/** The program that a cloud puts on a machine whose shutdown alone would not be its end: an autodown runs it first. */
export const endsMachine = "/etc/skyd/end-machine"
