import java.io.IOException;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * An agency's two sides on Kafka, with Apache Kafka's own client (17 or newer; kafka-clients on the class path).
 *
 * <pre>
 * java -cp 'jars/*' AgencyKafka.java client.properties publish H29.12 H29.12-261130-0001 event.json
 * java -cp 'jars/*' AgencyKafka.java client.properties consume H29.12 1
 * </pre>
 *
 * <p>docs/agencies.md shows the properties: where the cluster is, the name, the password, the authority's certificate.
 */
public final class AgencyKafka {
    private static final Duration POLL = Duration.ofSeconds(1);

    private AgencyKafka() {}

    public static void main(String[] args) throws Exception {
        Properties properties = new Properties();
        try (Reader reader = Files.newBufferedReader(Path.of(args[0]))) {
            properties.load(reader);
        }
        switch (args[1]) {
            case "publish" -> publish(properties, args[2], args[3], Path.of(args[4]));
            case "consume" -> consume(properties, args[2], Integer.parseInt(args[3]));
            default -> throw new IllegalArgumentException("publish AGENCY DOSSIER FILE, or consume AGENCY COUNT");
        }
    }

    /** States an event on the agency's own topic, keyed by its dossier, so that a dossier's facts keep their order. */
    private static void publish(Properties properties, String agency, String dossier, Path file) throws Exception {
        properties.put(ProducerConfig.ACKS_CONFIG, "all");
        try (KafkaProducer<String, String> producer =
                new KafkaProducer<>(properties, new StringSerializer(), new StringSerializer())) {
            ProducerRecord<String, String> record =
                    new ProducerRecord<>("agency.events." + agency, dossier, Files.readString(file));
            Headers headers = record.headers();
            headers.add("content-type", "application/cloudevents+json".getBytes(StandardCharsets.UTF_8));
            RecordMetadata stands = producer.send(record).get();
            System.out.println("published " + stands.topic() + "/" + stands.partition() + "/" + stands.offset());
        }
    }

    /** Reads what the agency is told, and commits what it has kept. A group's name begins with the agency's code and -. */
    private static void consume(Properties properties, String agency, int count) throws IOException {
        properties.put(ConsumerConfig.GROUP_ID_CONFIG, agency + "-reader");
        properties.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
        properties.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, "false");
        try (KafkaConsumer<String, String> consumer =
                new KafkaConsumer<>(properties, new StringDeserializer(), new StringDeserializer())) {
            consumer.subscribe(List.of("results." + agency));
            int seen = 0;
            while (seen < count) {
                for (ConsumerRecord<String, String> record : consumer.poll(POLL)) {
                    // Keep it before you commit: the same id may come twice.
                    System.out.println(record.key() + " " + record.value());
                    seen++;
                }
                consumer.commitSync();
            }
        }
    }
}
