"""`calanque broker`: the embedded MQTT broker of a race."""

from calanque.broker import run_broker
from calanque.exit_codes import OK
from calanque.folder import race_folder
from calanque.running import log_to_standard_error, until_told
from config.loader import load_race
from readers.mqtt_filters import check_mqtt_sources, filter_of, is_mqtt


def broker_command(race: str, *, host: str, port: int) -> int:
    log_to_standard_error()
    folder = race_folder(race)
    plan = load_race(folder.path)
    sources = [source.id for source in plan.race.sources]
    check_mqtt_sources(source for source in plan.race.sources if is_mqtt(source.connect))
    topics = {str(source.id): filter_of(source.connect) for source in plan.race.sources if is_mqtt(source.connect)}
    until_told(run_broker(plan.race.id, folder.path, sources, host=host, port=port, topics=topics))
    return OK
