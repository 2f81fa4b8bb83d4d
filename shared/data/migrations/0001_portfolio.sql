-- Exchange rates, ETF prices, and the pensions that are valued with both.
CREATE SCHEMA portfolio;

-- Exchange rates
-- --------------

-- 1 EUR = `rate` `quote` on a civil date, as the source published it.
CREATE TABLE portfolio.exchange_rates (
  date date NOT NULL,
  quote text NOT NULL,
  base text DEFAULT 'EUR' NOT NULL,
  rate numeric NOT NULL,
  source text NOT NULL,
  CONSTRAINT exchange_rates_point PRIMARY KEY (quote, date, source),
  CONSTRAINT exchange_rates_positive CHECK (rate > 0 and rate < 'Infinity'),
  CONSTRAINT exchange_rates_base_is_eur CHECK (base = 'EUR' and quote <> 'EUR')
);

-- One row per requested synchronisation. Its state follows the state of the run.
CREATE TABLE portfolio.exchange_rate_updates (
  id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  run_id uuid,
  kind text NOT NULL,
  start_date date,
  end_date date,
  state text NOT NULL,
  source text,
  inserted integer DEFAULT 0 NOT NULL,
  skipped integer DEFAULT 0 NOT NULL,
  error text,
  requested_at timestamptz(3) NOT NULL,
  finished_at timestamptz(3),
  CONSTRAINT exchange_rate_updates_run_id_unique UNIQUE (run_id),
  CONSTRAINT exchange_rate_updates_kind CHECK (kind in ('latest', 'historical')),
  CONSTRAINT exchange_rate_updates_state CHECK (state in ('pending', 'running', 'succeeded', 'failed', 'refused')),
  CONSTRAINT exchange_rate_updates_failure_has_reason CHECK (state not in ('failed', 'refused') or error is not null),
  CONSTRAINT exchange_rate_updates_final CHECK (
    (state in ('succeeded', 'failed', 'refused')) = (finished_at is not null)
  )
);
CREATE INDEX exchange_rate_updates_by_time ON portfolio.exchange_rate_updates (requested_at);

-- ETF prices
-- ----------

-- The ETFs by their Yahoo symbol.
CREATE TABLE portfolio.etfs (
  id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  symbol text NOT NULL,
  isin text,
  name text,
  exchange text,
  currency text,
  series text,
  state text DEFAULT 'new' NOT NULL,
  in_use boolean DEFAULT false NOT NULL,
  added_at timestamptz(3) NOT NULL,
  synced_at timestamptz(3),
  CONSTRAINT etfs_symbol UNIQUE (symbol),
  CONSTRAINT etfs_one_series UNIQUE (id, series),
  CONSTRAINT etfs_symbol_form CHECK (symbol = upper(symbol) and symbol ~ '^[A-Z0-9^][A-Z0-9.=^-]{0,31}$'),
  CONSTRAINT etfs_currency_form CHECK (currency ~ '^[A-Z]{3}$'),
  CONSTRAINT etfs_series_kind CHECK (series in ('raw', 'adjusted')),
  CONSTRAINT etfs_state CHECK (state in ('new', 'ready', 'failed')),
  CONSTRAINT etfs_ready_has_prices CHECK (state <> 'ready' or (currency is not null and series is not null))
);
CREATE INDEX etfs_in_use ON portfolio.etfs (id) WHERE in_use;

-- One trading day of one ETF. The key also serves "the close on or before a date".
CREATE TABLE portfolio.etf_prices (
  etf_id bigint NOT NULL,
  date date NOT NULL,
  open numeric,
  high numeric,
  low numeric,
  close numeric NOT NULL,
  adjusted_close numeric,
  volume numeric,
  source text NOT NULL,
  series text NOT NULL,
  CONSTRAINT etf_prices_point PRIMARY KEY (etf_id, date),
  CONSTRAINT etf_prices_close_positive CHECK (close > 0 and close < 'Infinity'),
  CONSTRAINT etf_prices_adjusted_positive CHECK (adjusted_close > 0 and adjusted_close < 'Infinity'),
  CONSTRAINT etf_prices_range_positive CHECK (
    open > 0 and open < 'Infinity' and high > 0 and high < 'Infinity' and low > 0 and low < 'Infinity'
  ),
  CONSTRAINT etf_prices_high_above_low CHECK (high >= low),
  CONSTRAINT etf_prices_volume CHECK (volume >= 0 and volume < 'Infinity'),
  CONSTRAINT etf_prices_of_one_series FOREIGN KEY (etf_id, series) REFERENCES portfolio.etfs (id, series) ON DELETE CASCADE
);

-- One row per requested fetch or synchronisation. A synchronisation also has a row for each ETF that failed in it.
CREATE TABLE portfolio.etf_updates (
  id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  run_id uuid NOT NULL,
  kind text NOT NULL,
  symbol text,
  start_date date,
  end_date date,
  state text NOT NULL,
  source text,
  inserted integer DEFAULT 0 NOT NULL,
  skipped integer DEFAULT 0 NOT NULL,
  changed integer DEFAULT 0 NOT NULL,
  error text,
  requested_at timestamptz(3) NOT NULL,
  finished_at timestamptz(3),
  CONSTRAINT etf_updates_of_run UNIQUE NULLS NOT DISTINCT (run_id, symbol),
  CONSTRAINT etf_updates_kind CHECK (kind in ('fetch', 'sync', 'refresh')),
  CONSTRAINT etf_updates_state CHECK (state in ('pending', 'running', 'succeeded', 'failed', 'refused')),
  CONSTRAINT etf_updates_failure_has_reason CHECK (state not in ('failed', 'refused') or error is not null),
  CONSTRAINT etf_updates_final CHECK ((state in ('succeeded', 'failed', 'refused')) = (finished_at is not null))
);
CREATE INDEX etf_updates_by_time ON portfolio.etf_updates (requested_at);

-- Pensions
-- --------

-- Units of one ETF, bought by contributions and valued in the currency of the pension.
CREATE TABLE portfolio.etf_pensions (
  id uuid PRIMARY KEY,
  etf_id bigint NOT NULL,
  name text NOT NULL,
  currency text NOT NULL,
  state text DEFAULT 'pending' NOT NULL,
  valued_to date,
  prices_seen integer,
  units numeric,
  last_purchase_date date,
  last_purchase_price numeric,
  created_at timestamptz(3) NOT NULL,
  CONSTRAINT etf_pensions_state CHECK (state in ('pending', 'ready')),
  CONSTRAINT etf_pensions_currency_form CHECK (currency ~ '^[A-Z]{3}$'),
  CONSTRAINT etf_pensions_name CHECK (length(name) between 1 and 200),
  CONSTRAINT etf_pensions_units_complete CHECK (num_nulls(units, last_purchase_date, last_purchase_price) in (0, 3)),
  CONSTRAINT etf_pensions_etf_id_etfs_id_fk FOREIGN KEY (etf_id) REFERENCES portfolio.etfs (id)
);
CREATE INDEX etf_pensions_of_etf ON portfolio.etf_pensions (etf_id);

-- A payment, and the units that it bought once price and exchange rate were known.
CREATE TABLE portfolio.etf_pension_contributions (
  id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  pension_id uuid NOT NULL,
  reference text NOT NULL,
  date date NOT NULL,
  amount numeric NOT NULL,
  currency text NOT NULL,
  bought_on date,
  price numeric,
  fx_rate numeric,
  units numeric,
  CONSTRAINT etf_pension_contributions_reference UNIQUE (pension_id, reference),
  CONSTRAINT etf_pension_contributions_amount_positive CHECK (amount > 0 and amount < 'Infinity'),
  CONSTRAINT etf_pension_contributions_currency_form CHECK (currency ~ '^[A-Z]{3}$'),
  CONSTRAINT etf_pension_contributions_purchase_complete CHECK (num_nulls(bought_on, price, fx_rate, units) in (0, 4)),
  CONSTRAINT etf_pension_contributions_purchase_valid CHECK (
    (bought_on >= date and price > 0 and fx_rate > 0 and units >= 0 and units < 'Infinity') is not false
  ),
  CONSTRAINT etf_pension_contributions_pension_id_etf_pensions_id_fk FOREIGN KEY (pension_id)
    REFERENCES portfolio.etf_pensions (id) ON DELETE CASCADE
);
CREATE INDEX etf_pension_contributions_by_date ON portfolio.etf_pension_contributions (pension_id, date);
CREATE INDEX etf_pension_contributions_without_units ON portfolio.etf_pension_contributions (pension_id, id)
  WHERE units is null;

-- The value of a pension on one day: `final`, or `pending` with the reason why it is unknown.
CREATE TABLE portfolio.etf_pension_values (
  pension_id uuid NOT NULL,
  date date NOT NULL,
  units numeric,
  price numeric,
  fx_rate numeric,
  value numeric,
  state text NOT NULL,
  reason text,
  CONSTRAINT etf_pension_values_day PRIMARY KEY (pension_id, date),
  CONSTRAINT etf_pension_values_state CHECK (state in ('final', 'pending')),
  CONSTRAINT etf_pension_values_final_complete CHECK (state <> 'final' or num_nulls(units, price, fx_rate, value) = 0),
  CONSTRAINT etf_pension_values_pending_has_no_value CHECK (state <> 'pending' or value is null),
  CONSTRAINT etf_pension_values_pending_has_reason CHECK ((state = 'pending') = (reason is not null)),
  CONSTRAINT etf_pension_values_reason CHECK (reason in ('price', 'rate', 'contribution', 'adjusted', 'reopened')),
  CONSTRAINT etf_pension_values_positive CHECK (
    (units >= 0 and units < 'Infinity' and price > 0 and fx_rate > 0 and value >= 0 and value < 'Infinity') is not false
  ),
  CONSTRAINT etf_pension_values_pension_id_etf_pensions_id_fk FOREIGN KEY (pension_id)
    REFERENCES portfolio.etf_pensions (id) ON DELETE CASCADE
);
CREATE INDEX etf_pension_values_pending ON portfolio.etf_pension_values (pension_id, date) WHERE state = 'pending';

-- A statement that changes contributions also clears the stored sum of their units. The next valuation computes it again.
CREATE FUNCTION portfolio.clear_units() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE portfolio.etf_pensions SET units = NULL, last_purchase_date = NULL, last_purchase_price = NULL
   WHERE id IN (SELECT pension_id FROM changed) AND units IS NOT NULL;
  RETURN NULL;
END $$;
CREATE TRIGGER clear_units_of_inserted AFTER INSERT ON portfolio.etf_pension_contributions
  REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION portfolio.clear_units();
CREATE TRIGGER clear_units_of_deleted AFTER DELETE ON portfolio.etf_pension_contributions
  REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION portfolio.clear_units();
-- An update can move a contribution to another pension: both pensions lose their sum.
CREATE TRIGGER clear_units_of_updated_from AFTER UPDATE ON portfolio.etf_pension_contributions
  REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION portfolio.clear_units();
CREATE TRIGGER clear_units_of_updated_to AFTER UPDATE ON portfolio.etf_pension_contributions
  REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION portfolio.clear_units();
