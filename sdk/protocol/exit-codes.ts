/** What the programs exit with, documented in the README. */
export const exitCodes = {
  ok: 0,
  failed: 1,
  usage: 2,
  declined: 3,
  credentials: 4,
  notFound: 5,
  conflict: 6,
  capacity: 7,
  unreachable: 8,
  jobFailed: 100,
  jobNotFinished: 101,
  jobNotFound: 102,
  jobCancelled: 103,
  interrupted: 130
} as const

/** Of a file that cannot be written. */
export const unwritableCode = (errno: string): number =>
  ["ENOSPC", "EDQUOT", "EROFS"].includes(errno) ? exitCodes.capacity : exitCodes.failed
