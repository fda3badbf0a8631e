-- Every schedule as lookups need it.
SELECT s.id, d.name, s.name, s.time_zone, s.hours, s.holidays, s.forced, s.code, s.keys
FROM schedule s JOIN domain d ON d.id = s.domain_id;
