// SPDX-License-Identifier: BSD-3-Clause

import jakarta.servlet.AsyncContext;
import jakarta.servlet.annotation.WebServlet;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * The servlet that answers for Tomcat: /hello, /sleep?ms=N, which waits and keeps its thread, /later?ms=N, which waits
 * without one, and /spin?ms=N, which burns CPU.
 */
@WebServlet(urlPatterns = {"/hello", "/sleep", "/later", "/spin"}, asyncSupported = true)
public class Hello extends HttpServlet {
  private static final byte[] TEXT = "Hello, world!".getBytes(StandardCharsets.US_ASCII);
  private final transient ScheduledExecutorService timer = Executors.newScheduledThreadPool(2);

  @Override
  protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
    switch (request.getServletPath()) {
      case "/sleep":
        sleep(millisecondsOf(request));
        break;
      case "/later":
        answerLater(request, millisecondsOf(request));
        return;
      case "/spin":
        spin(millisecondsOf(request));
        break;
      default:
    }
    hello(response);
  }

  @Override
  public void destroy() {
    timer.shutdownNow();
  }

  private void answerLater(HttpServletRequest request, long milliseconds) {
    AsyncContext context = request.startAsync();
    context.setTimeout(0);
    timer.schedule(() -> {
      try {
        hello((HttpServletResponse) context.getResponse());
      } catch (IOException error) {
        throw new UncheckedIOException(error);
      } finally {
        context.complete();
      }
    }, milliseconds, TimeUnit.MILLISECONDS);
  }

  private static void hello(HttpServletResponse response) throws IOException {
    response.setContentType("text/plain");
    response.setContentLength(TEXT.length);
    response.getOutputStream().write(TEXT);
  }

  private static void sleep(long milliseconds) {
    try {
      Thread.sleep(milliseconds);
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
    }
  }

  private static void spin(long milliseconds) {
    long end = System.nanoTime() + milliseconds * 1_000_000;
    while (System.nanoTime() < end) {
      Thread.onSpinWait();
    }
  }

  private static long millisecondsOf(HttpServletRequest request) {
    return Long.parseLong(request.getParameter("ms"));
  }
}
