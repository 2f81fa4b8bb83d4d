import "./property-seed.ts";
import { runCleanupsAtEndOfFile } from "./end-of-file.ts";

runCleanupsAtEndOfFile();
