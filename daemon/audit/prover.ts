/** The program of a thread that proves runs of events: provers.ts. Its schemas are compiled to code, which must be said before they are made. */
import "effect/schema/SchemaJITCompiler/enable"
import { parentPort } from "node:worker_threads"
import { proveRun } from "./prove-run.ts"
import { type Packed, unpacked } from "./provers.ts"

parentPort?.on("message", (run: Packed) => parentPort?.postMessage(proveRun(unpacked(run))))
