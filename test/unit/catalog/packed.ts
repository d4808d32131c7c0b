/** The catalogs that come with the program. */
import { join } from "node:path"
import { openCatalogs } from "../../../daemon/catalog/Catalogs.ts"

export const packedFolder = join(import.meta.dirname, "../../../daemon/catalog")
export const packed = openCatalogs(packedFolder, "/nowhere")
