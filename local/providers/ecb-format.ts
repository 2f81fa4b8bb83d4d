import type { SampleDay } from "./sample-rates.ts";

/** `eurofxref-hist.csv`: newest first, `N/A` for none, and a comma at the end of each line, header included. */
export function ecbHistoryCsv(currencies: readonly string[], newestFirst: readonly SampleDay[]): string {
  const lines = newestFirst.map(({ date, rates }) => `${date},${rates.map((rate) => rate ?? "N/A").join(",")},`);
  return [`Date,${currencies.join(",")},`, ...lines, ""].join("\n");
}

/**
 * `eurofxref-daily.xml` and `eurofxref-hist-90d.xml`: one `Cube` a day, newest first, without the currencies that have
 * no rate.
 */
export function ecbXml(currencies: readonly string[], newestFirst: readonly SampleDay[]): string {
  const days = newestFirst.map(({ date, rates }) => {
    const cubes = currencies.flatMap((currency, index) => {
      const rate = rates[index];
      return rate === undefined ? [] : [`\t\t\t<Cube currency='${currency}' rate='${rate}'/>`];
    });
    return [`\t\t<Cube time='${date}'>`, ...cubes, "\t\t</Cube>"].join("\n");
  });
  return `<?xml version="1.0" encoding="UTF-8"?>
<gesmes:Envelope xmlns:gesmes="http://www.gesmes.org/xml/2002-08-01" xmlns="http://www.ecb.int/vocabulary/2002-08-01/eurofxref">
\t<gesmes:subject>Reference rates</gesmes:subject>
\t<gesmes:Sender>
\t\t<gesmes:name>Sample data of a local fake server</gesmes:name>
\t</gesmes:Sender>
\t<Cube>
${days.join("\n")}
\t</Cube>
</gesmes:Envelope>`;
}
