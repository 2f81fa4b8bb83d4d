-- Tax liens: ingested county lists, the figures computed from them, and the decisions about deals.
CREATE SCHEMA tax_liens;

-- An ingestion creates an unlogged table here for one list and drops it when it ends.
CREATE SCHEMA tax_liens_staging;

-- Liens
-- -----

-- The counties, and where their lists come from.
CREATE TABLE tax_liens.counties (
  id text PRIMARY KEY,
  name text NOT NULL,
  state text NOT NULL,
  active boolean DEFAULT true NOT NULL,
  time_zone text NOT NULL,
  source jsonb NOT NULL,
  rule_set text NOT NULL,
  rules jsonb DEFAULT '{}'::jsonb NOT NULL,
  last_rows integer,
  last_ingested_at timestamptz(3),
  created_at timestamptz(3) NOT NULL,
  updated_at timestamptz(3) NOT NULL,
  CONSTRAINT counties_id_form CHECK (id ~ '^[a-z0-9]+(-[a-z0-9]+)*$' and length(id) <= 64),
  CONSTRAINT counties_state_form CHECK (state ~ '^[A-Z]{2}$'),
  CONSTRAINT counties_last_rows CHECK (last_rows >= 0)
);

-- A parcel of a county, as the newest list describes it.
CREATE TABLE tax_liens.properties (
  id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  county_id text NOT NULL,
  parcel_id text NOT NULL,
  address text,
  city text,
  zip text,
  legal_description text,
  owner text,
  property_type text DEFAULT 'unknown' NOT NULL,
  assessed_value numeric,
  bankruptcy boolean DEFAULT false NOT NULL,
  environmental boolean DEFAULT false NOT NULL,
  code_violations boolean DEFAULT false NOT NULL,
  created_at timestamptz(3) NOT NULL,
  updated_at timestamptz(3) NOT NULL,
  CONSTRAINT properties_parcel UNIQUE (county_id, parcel_id),
  CONSTRAINT properties_type CHECK (
    property_type in ('residential', 'commercial', 'industrial', 'vacant_land', 'unknown')
  ),
  CONSTRAINT properties_assessed_value CHECK (assessed_value >= 0 and assessed_value < 'Infinity'),
  CONSTRAINT properties_county_id_counties_id_fk FOREIGN KEY (county_id) REFERENCES tax_liens.counties (id)
);

-- A lien on a property for one tax year. Money in dollars, rates in percent a year (`16` is 16 %).
CREATE TABLE tax_liens.liens (
  id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  county_id text NOT NULL,
  tax_year integer NOT NULL,
  certificate_number text,
  identity text NOT NULL,
  property_id bigint NOT NULL,
  face_amount numeric NOT NULL,
  prior_liens numeric DEFAULT '0' NOT NULL,
  penalties numeric DEFAULT '0' NOT NULL,
  premium numeric DEFAULT '0' NOT NULL,
  fees numeric DEFAULT '0' NOT NULL,
  interest_rate numeric,
  bid_rate numeric,
  status text DEFAULT 'available' NOT NULL,
  sale_date date,
  redemption_deadline date,
  content_hash uuid NOT NULL,
  created_at timestamptz(3) NOT NULL,
  updated_at timestamptz(3) NOT NULL,
  last_listed_on date,
  not_listed_on date,
  CONSTRAINT liens_identity UNIQUE (county_id, tax_year, identity),
  CONSTRAINT liens_tax_year CHECK (tax_year between 1900 and 2200),
  CONSTRAINT liens_identity_is_certificate CHECK (certificate_number is null or identity = certificate_number),
  CONSTRAINT liens_face_amount CHECK (face_amount > 0 and face_amount < 'Infinity'),
  CONSTRAINT liens_money CHECK (prior_liens >= 0 and prior_liens < 'Infinity' and penalties >= 0 and penalties < 'Infinity'
        and premium >= 0 and premium < 'Infinity' and fees >= 0 and fees < 'Infinity'),
  CONSTRAINT liens_rates CHECK (
    (interest_rate >= 0 and interest_rate <= 100) is not false and (bid_rate >= 0 and bid_rate <= 100) is not false
  ),
  CONSTRAINT liens_status CHECK (status in ('available', 'sold', 'redeemed', 'foreclosed', 'withdrawn', 'not_listed')),
  CONSTRAINT liens_not_listed_has_date CHECK ((status = 'not_listed') = (not_listed_on is not null)),
  CONSTRAINT liens_county_id_counties_id_fk FOREIGN KEY (county_id) REFERENCES tax_liens.counties (id),
  CONSTRAINT liens_property_id_properties_id_fk FOREIGN KEY (property_id) REFERENCES tax_liens.properties (id)
);
CREATE INDEX liens_of_property ON tax_liens.liens (property_id);
CREATE INDEX liens_by_status ON tax_liens.liens (county_id, status, id);

-- Taxes of later years that the holder of a lien pays and gets back with interest.
CREATE TABLE tax_liens.subsequent_taxes (
  lien_id bigint NOT NULL,
  day date NOT NULL,
  amount numeric NOT NULL,
  CONSTRAINT subsequent_taxes_day PRIMARY KEY (lien_id, day),
  CONSTRAINT subsequent_taxes_amount CHECK (amount > 0 and amount < 'Infinity'),
  CONSTRAINT subsequent_taxes_lien_id_liens_id_fk FOREIGN KEY (lien_id)
    REFERENCES tax_liens.liens (id) ON DELETE CASCADE
);

-- Ingestion
-- ---------

-- One run that ingested the list of one county.
CREATE TABLE tax_liens.lien_ingestions (
  id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  run_id uuid NOT NULL,
  county_id text NOT NULL,
  state text NOT NULL,
  retrieved integer DEFAULT 0 NOT NULL,
  created integer DEFAULT 0 NOT NULL,
  updated integer DEFAULT 0 NOT NULL,
  unchanged integer DEFAULT 0 NOT NULL,
  failed integer DEFAULT 0 NOT NULL,
  not_listed integer DEFAULT 0 NOT NULL,
  reject_blob text,
  error text,
  started_at timestamptz(3) NOT NULL,
  finished_at timestamptz(3),
  CONSTRAINT lien_ingestions_of_run UNIQUE (run_id),
  CONSTRAINT lien_ingestions_state CHECK (state in ('running', 'succeeded', 'failed')),
  CONSTRAINT lien_ingestions_failure_has_reason CHECK (state <> 'failed' or error is not null),
  CONSTRAINT lien_ingestions_final CHECK ((state = 'running') = (finished_at is null)),
  CONSTRAINT lien_ingestions_adds_up CHECK (state <> 'succeeded' or retrieved = created + updated + unchanged + failed),
  CONSTRAINT lien_ingestions_county_id_counties_id_fk FOREIGN KEY (county_id) REFERENCES tax_liens.counties (id)
);
CREATE INDEX lien_ingestions_of_county ON tax_liens.lien_ingestions (county_id, id);

-- The first 1,000 refused rows of an ingestion; the reject file has them all.
CREATE TABLE tax_liens.lien_rejects (
  ingestion_id bigint NOT NULL,
  line bigint NOT NULL,
  reasons jsonb NOT NULL,
  raw text NOT NULL,
  CONSTRAINT lien_rejects_line PRIMARY KEY (ingestion_id, line),
  CONSTRAINT lien_rejects_ingestion_id_lien_ingestions_id_fk FOREIGN KEY (ingestion_id)
    REFERENCES tax_liens.lien_ingestions (id) ON DELETE CASCADE
);

-- Figures
-- -------

-- The value of a property according to one provider on one day. Rows are only added.
CREATE TABLE tax_liens.property_valuations (
  property_id bigint NOT NULL,
  provider text NOT NULL,
  day date NOT NULL,
  value numeric,
  state text NOT NULL,
  previous_value numeric,
  reason text,
  created_at timestamptz(3) NOT NULL,
  CONSTRAINT property_valuations_day PRIMARY KEY (property_id, day, provider),
  CONSTRAINT property_valuations_state CHECK (state in ('valued', 'missing', 'anomaly')),
  CONSTRAINT property_valuations_missing CHECK ((state = 'missing') = (value is null)),
  CONSTRAINT property_valuations_reason CHECK (state = 'valued' or reason is not null),
  CONSTRAINT property_valuations_anomaly CHECK (state <> 'anomaly' or previous_value is not null),
  CONSTRAINT property_valuations_value CHECK (value >= 0 and value < 'Infinity'),
  CONSTRAINT property_valuations_property_id_properties_id_fk FOREIGN KEY (property_id)
    REFERENCES tax_liens.properties (id) ON DELETE CASCADE
);

-- The figures that compare liens, from their last computation.
CREATE TABLE tax_liens.deal_metrics (
  lien_id bigint PRIMARY KEY,
  as_of date NOT NULL,
  version integer NOT NULL,
  cost numeric NOT NULL,
  ltv numeric,
  implausible_value boolean NOT NULL,
  expected_yield numeric,
  irr numeric,
  risk_score numeric,
  deal_score numeric,
  explanation text,
  computed_at timestamptz(3) NOT NULL,
  CONSTRAINT deal_metrics_scores CHECK (
    (risk_score between 0 and 100) is not false and (deal_score between 0 and 100) is not false
  ),
  CONSTRAINT deal_metrics_gap_has_explanation CHECK (
    explanation is not null or (ltv is not null and expected_yield is not null and risk_score is not null and deal_score is not null)
  ),
  CONSTRAINT deal_metrics_lien_id_liens_id_fk FOREIGN KEY (lien_id) REFERENCES tax_liens.liens (id) ON DELETE CASCADE
);

-- Analyses and deals
-- ------------------

-- A search for deals under the constraints of an investor.
CREATE TABLE tax_liens.analysis_runs (
  id uuid PRIMARY KEY,
  definition jsonb NOT NULL,
  as_of date NOT NULL,
  state text DEFAULT 'queued' NOT NULL,
  steps jsonb DEFAULT '[]'::jsonb NOT NULL,
  available jsonb,
  checkpoint jsonb,
  summary jsonb,
  error text,
  run_id uuid NOT NULL,
  episode_id uuid,
  recipient text NOT NULL,
  requested_by text NOT NULL,
  created_at timestamptz(3) NOT NULL,
  started_at timestamptz(3),
  finished_at timestamptz(3),
  CONSTRAINT analysis_runs_state CHECK (state in ('queued', 'running', 'succeeded', 'failed')),
  CONSTRAINT analysis_runs_final CHECK ((state in ('succeeded', 'failed')) = (finished_at is not null)),
  CONSTRAINT analysis_runs_success_has_summary CHECK ((state = 'succeeded') = (summary is not null)),
  CONSTRAINT analysis_runs_failure_has_reason CHECK ((state = 'failed') = (error is not null)),
  CONSTRAINT analysis_runs_episode_id_ai_agent_episodes_id_fk FOREIGN KEY (episode_id)
    REFERENCES reasoning.ai_agent_episodes (id) ON DELETE SET NULL
);
CREATE INDEX analysis_runs_of_episode ON tax_liens.analysis_runs (episode_id);

-- Liens that meet the constraints of a running analysis, deleted when it ends. Without foreign keys: there can be a million.
CREATE TABLE tax_liens.analysis_candidates (
  analysis_run_id uuid NOT NULL,
  lien_id bigint NOT NULL,
  county_id text NOT NULL,
  cost numeric NOT NULL,
  deal_score numeric NOT NULL,
  metrics jsonb NOT NULL
);
CREATE UNIQUE INDEX analysis_candidates_by_score ON tax_liens.analysis_candidates
  (analysis_run_id, deal_score DESC NULLS FIRST, lien_id);

-- A lien that an analysis proposes to buy, and the status of the proposal.
CREATE TABLE tax_liens.deals (
  id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  analysis_run_id uuid NOT NULL,
  lien_id bigint NOT NULL,
  rank integer NOT NULL,
  score numeric NOT NULL,
  cost numeric NOT NULL,
  metrics jsonb NOT NULL,
  status text DEFAULT 'candidate' NOT NULL,
  status_at timestamptz(3) NOT NULL,
  created_at timestamptz(3) NOT NULL,
  CONSTRAINT deals_once_per_run UNIQUE (analysis_run_id, lien_id),
  CONSTRAINT deals_one_per_rank UNIQUE (analysis_run_id, rank),
  CONSTRAINT deals_status CHECK (
    status in ('candidate', 'watchlist', 'approved', 'rejected', 'purchased', 'withdrawn', 'redeemed', 'foreclosed', 'written_off')
  ),
  CONSTRAINT deals_rank CHECK (rank >= 1),
  CONSTRAINT deals_score CHECK (score between 0 and 100),
  CONSTRAINT deals_cost CHECK (cost > 0 and cost < 'Infinity'),
  CONSTRAINT deals_analysis_run_id_analysis_runs_id_fk FOREIGN KEY (analysis_run_id)
    REFERENCES tax_liens.analysis_runs (id),
  CONSTRAINT deals_lien_id_liens_id_fk FOREIGN KEY (lien_id) REFERENCES tax_liens.liens (id)
);
CREATE INDEX deals_of_lien ON tax_liens.deals (lien_id);

-- Every decision about a deal, in the order of application. Rows are only added. Without a foreign key to `deals`:
-- a decision about an unknown deal has a row too.
CREATE TABLE tax_liens.decision_events (
  id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  decision_id text NOT NULL,
  analysis_run_id uuid NOT NULL,
  deal_id bigint NOT NULL,
  decision text NOT NULL,
  reason text NOT NULL,
  decided_by text NOT NULL,
  from_status text,
  refusal text,
  run_id uuid NOT NULL,
  position integer NOT NULL,
  requested_by text,
  at timestamptz(3) NOT NULL,
  CONSTRAINT decision_events_decision_id UNIQUE (decision_id),
  CONSTRAINT decision_events_decision CHECK (
    decision <> 'candidate' and decision in ('candidate', 'watchlist', 'approved', 'rejected', 'purchased', 'withdrawn', 'redeemed', 'foreclosed', 'written_off')
  ),
  CONSTRAINT decision_events_from CHECK (
    from_status in ('candidate', 'watchlist', 'approved', 'rejected', 'purchased', 'withdrawn', 'redeemed', 'foreclosed', 'written_off')
  ),
  CONSTRAINT decision_events_decided_by CHECK (decided_by in ('user', 'agent')),
  CONSTRAINT decision_events_unknown_deal_is_refused CHECK (from_status is not null or refusal is not null),
  CONSTRAINT decision_events_position CHECK (position >= 0),
  CONSTRAINT decision_events_analysis_run_id_analysis_runs_id_fk FOREIGN KEY (analysis_run_id)
    REFERENCES tax_liens.analysis_runs (id)
);
CREATE INDEX decision_events_of_deal ON tax_liens.decision_events (deal_id, id);
CREATE INDEX decision_events_of_analysis ON tax_liens.decision_events (analysis_run_id, id);

-- Documents
-- ---------

-- A requested document, and its files in blob storage.
CREATE TABLE tax_liens.documents (
  id uuid PRIMARY KEY,
  template text NOT NULL,
  lien_id bigint,
  deal_id bigint,
  analysis_run_id uuid,
  facts jsonb,
  passages jsonb,
  state text DEFAULT 'queued' NOT NULL,
  reason text,
  title text,
  files jsonb,
  tier text,
  recipient text NOT NULL,
  requested_by text NOT NULL,
  created_at timestamptz(3) NOT NULL,
  generated_at timestamptz(3),
  archived_at timestamptz(3),
  CONSTRAINT documents_state CHECK (state in ('queued', 'ready', 'failed')),
  CONSTRAINT documents_ready_complete CHECK (
    state <> 'ready' or (files is not null and tier is not null and generated_at is not null)
  ),
  CONSTRAINT documents_one_subject CHECK (num_nonnulls(lien_id, deal_id, analysis_run_id) <= 1),
  CONSTRAINT documents_tier CHECK (tier in ('hot', 'cold')),
  CONSTRAINT documents_archived CHECK ((tier = 'cold') = (archived_at is not null) or tier is null),
  CONSTRAINT documents_lien_id_liens_id_fk FOREIGN KEY (lien_id) REFERENCES tax_liens.liens (id) ON DELETE SET NULL,
  CONSTRAINT documents_deal_id_deals_id_fk FOREIGN KEY (deal_id) REFERENCES tax_liens.deals (id) ON DELETE SET NULL,
  CONSTRAINT documents_analysis_run_id_analysis_runs_id_fk FOREIGN KEY (analysis_run_id)
    REFERENCES tax_liens.analysis_runs (id) ON DELETE SET NULL
);
CREATE INDEX documents_to_archive ON tax_liens.documents (generated_at) WHERE tier = 'hot';
