import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * An agency's two sides, with the JDK alone (17 or newer).
 *
 * <pre>
 * HOSO_KEY=hoso_...     java Agency.java send http://127.0.0.1:8080 event.json
 * HOSO_SECRET=whsec_... java Agency.java listen 8900
 * </pre>
 */
public final class Agency {
    private static final int MOST_TRIES = 10;
    private static final Duration TOLERANCE = Duration.ofMinutes(5);
    private static final String CHALLENGE = "vn.hoso.endpoint.challenge.v1";
    // A real client reads the event with its JSON library; two fields are enough here.
    private static final Pattern TYPE = Pattern.compile("\"type\"\\s*:\\s*\"([^\"]+)\"");
    private static final Pattern WORD = Pattern.compile("\"challenge\"\\s*:\\s*\"([^\"]+)\"");

    private Agency() {}

    public static void main(String[] args) throws Exception {
        switch (args.length > 0 ? args[0] : "") {
            case "send" -> System.exit(send(args[1], System.getenv("HOSO_KEY"), Path.of(args[2])));
            case "listen" -> listen(Integer.parseInt(args[1]), System.getenv("HOSO_SECRET").trim().split("\\s+"));
            default -> throw new IllegalArgumentException("send EDGE FILE, or listen PORT");
        }
    }

    /** States the events of a file. The same id with the same content is one fact, however often it is sent. */
    private static int send(String edge, String key, Path file) throws Exception {
        HttpClient client = HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(5)).build();
        HttpRequest request = HttpRequest.newBuilder(URI.create(edge + "/v1/events"))
                .header("authorization", "Bearer " + key)
                .header("content-type", "application/json")
                .timeout(Duration.ofSeconds(30))
                .POST(HttpRequest.BodyPublishers.ofFile(file))
                .build();
        for (int attempt = 1; ; attempt++) {
            long wait;
            try {
                HttpResponse<String> answer = client.send(request, HttpResponse.BodyHandlers.ofString());
                boolean later = answer.statusCode() == 429 || answer.statusCode() == 503;
                if (!later || attempt == MOST_TRIES) {
                    System.out.println(answer.statusCode() + " " + answer.body());
                    // 202 with something in "rejected": the others are in, those are not.
                    return answer.statusCode() == 202 && answer.body().contains("\"rejected\":[]") ? 0 : 1;
                }
                wait = answer.headers().firstValueAsLong("retry-after").orElse(5);
            } catch (IOException error) {
                if (attempt == MOST_TRIES) {
                    throw error;
                }
                wait = Math.min(1L << attempt, 60);
            }
            Thread.sleep(Duration.ofSeconds(wait).toMillis());
        }
    }

    /** A callback that verifies, answers the challenge, and takes each notice once. */
    private static void listen(int port, String[] secrets) throws IOException {
        // In real life a table: a notice may come twice, always under the same webhook-id.
        Set<String> seen = ConcurrentHashMap.newKeySet();
        HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", port), 0);
        server.setExecutor(Executors.newFixedThreadPool(8));
        server.createContext("/callback", exchange -> {
            byte[] body = exchange.getRequestBody().readAllBytes();
            if (!isOurs(exchange, body, secrets)) {
                answer(exchange, 401, "{}");
                return;
            }
            String event = new String(body, StandardCharsets.UTF_8);
            String type = first(TYPE, event);
            if (CHALLENGE.equals(type)) {
                answer(exchange, 200, "{\"challenge\": \"" + first(WORD, event) + "\"}");
                return;
            }
            if (seen.add(exchange.getRequestHeaders().getFirst("webhook-id"))) {
                // Keep it before you answer: 2xx means that you have it.
                System.out.println(type + " " + event);
            }
            answer(exchange, 200, "{}");
        });
        server.start();
        System.out.println("listening on http://127.0.0.1:" + port + "/callback");
    }

    /** Whether one of the secrets signed these very bytes, within the last five minutes (Standard Webhooks, v1). */
    private static boolean isOurs(HttpExchange exchange, byte[] body, String[] secrets) {
        String id = exchange.getRequestHeaders().getFirst("webhook-id");
        String at = exchange.getRequestHeaders().getFirst("webhook-timestamp");
        String signatures = exchange.getRequestHeaders().getFirst("webhook-signature");
        if (id == null || at == null || signatures == null) {
            return false;
        }
        try {
            Duration age = Duration.between(Instant.ofEpochSecond(Long.parseLong(at)), Instant.now()).abs();
            if (age.compareTo(TOLERANCE) > 0) {
                return false;
            }
            for (String secret : secrets) {
                Mac mac = Mac.getInstance("HmacSHA256");
                mac.init(new SecretKeySpec(Base64.getDecoder().decode(secret.replaceFirst("^whsec_", "")), "HmacSHA256"));
                mac.update((id + "." + at + ".").getBytes(StandardCharsets.UTF_8));
                byte[] wanted = ("v1," + Base64.getEncoder().encodeToString(mac.doFinal(body))).getBytes(StandardCharsets.UTF_8);
                for (String given : signatures.split(" ")) {
                    if (MessageDigest.isEqual(wanted, given.getBytes(StandardCharsets.UTF_8))) {
                        return true;
                    }
                }
            }
            return false;
        } catch (GeneralSecurityException | RuntimeException error) {
            return false;
        }
    }

    private static String first(Pattern pattern, String text) {
        Matcher matcher = pattern.matcher(text);
        return matcher.find() ? matcher.group(1) : "";
    }

    private static void answer(HttpExchange exchange, int status, String body) throws IOException {
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("content-type", "application/json");
        exchange.sendResponseHeaders(status, bytes.length);
        exchange.getResponseBody().write(bytes);
        exchange.close();
    }
}
