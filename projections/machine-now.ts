/**
 * What the machines of a cluster are. What was asked of them stays as it was: whoever is asked for one of them again is asked for the same,
 * and a size that nobody asked for may be one that nobody can be asked for. Pure.
 */
import type { MachineWish } from "../events/values.ts"

interface Made<M> {
  /** What they were asked to be. */
  readonly machine: M
  /** Of their disks, where they came with others than were asked for. */
  readonly cameGib: number | null
}

/** Their disks have the size that they came with. */
export const machineNow = <M extends Omit<MachineWish, "clone">>({ cameGib, machine }: Made<M>): M =>
  cameGib === null ? machine : { ...machine, diskGib: cameGib }
