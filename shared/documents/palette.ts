/** The colours of a document, the same on paper and screen. */
export const INK = "#1b2733";
export const MUTED = "#5b6b7b";
export const LINE = "#d5dde5";
export const SHADE = "#f3f6f9";
/** The maximum of a bar. */
export const TRACK = "#e3eaf1";
export const ACCENT = "#1f5f8b";
export const WARNING = { ink: "#a3421a", shade: "#fdf0e6" } as const;
