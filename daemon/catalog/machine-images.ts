/** Images of Compute Engine that are of a whole machine, its disks included: told by their addresses. Pure. */
export const isMachineImage = (image: string): boolean => /(^|\/)machineImages\//.test(image)
