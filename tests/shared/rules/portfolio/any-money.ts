import fc from "fast-check";

const decimal = (places: number, max: bigint) =>
  fc.bigInt({ min: 1n, max }).map((whole) => {
    const digits = whole.toString().padStart(places + 1, "0");
    return `${digits.slice(0, -places)}.${digits.slice(-places)}`;
  });

/** From a cent to a hundred million. */
export const anAmount = decimal(2, 10_000_000_000n);
/** From 0.0001 to a million. */
export const aPrice = decimal(4, 10_000_000_000n);
/** As published, from 0.00001 to 100,000. */
export const aRate = decimal(5, 10_000_000_000n);
