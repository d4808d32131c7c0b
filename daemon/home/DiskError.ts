/** When the disk takes nothing more: the contract's RuntimeError, with the exit code of what there is no room for. */
import { RuntimeError } from "../../sdk/protocol/errors.ts"
import { exitCodes } from "../../sdk/protocol/exit-codes.ts"

export class DiskError extends RuntimeError {
  override readonly exitCode = exitCodes.capacity
}
